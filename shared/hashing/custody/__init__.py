"""What a party keeps: identity, pins, rounds; and the key office's ceremony."""
