"""The same tally written with another library, each script on its own."""
