"""What other systems are told: OpenTelemetry and Prometheus."""
