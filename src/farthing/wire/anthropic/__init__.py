"""Anthropic's dialect: Messages and counting its tokens."""
