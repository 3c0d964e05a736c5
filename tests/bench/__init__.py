"""The bench: how long Slipway takes beside what people use instead, in one run, on the same hosts."""
