"""The offline installation of the hasher: what goes into the zip, and how."""
