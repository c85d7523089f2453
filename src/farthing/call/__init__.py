"""The life of one call: pure states and one thin driver."""
