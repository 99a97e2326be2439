"""From checked rows to the contract's rows, still with the number of the person."""
