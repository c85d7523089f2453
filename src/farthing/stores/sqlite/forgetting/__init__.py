"""What leaves the file: people who are erased by name, and what the retention policy drops by age."""
