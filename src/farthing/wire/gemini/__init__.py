"""Gemini's dialect: generateContent, whole and streamed, and counting its tokens."""
