"""OpenAI's dialects: Chat Completions, Responses, embeddings and what they share."""
