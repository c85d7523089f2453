"""Usage times price is money: the price book, how a model is found in it, and the sum."""
