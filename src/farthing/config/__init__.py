"""Files and environment become one frozen Settings, and Settings become a wired engine."""
