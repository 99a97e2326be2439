"""What is shipped to a supplier: the hasher's wheel, its offline installation, its executable."""
