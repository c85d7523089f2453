"""Text becomes counts: sound upper bounds, exact counts where the tokenizer is public, learned ratios."""
