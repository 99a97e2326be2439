"""How fast readers are answered: pages and the API under load, and a large export."""
