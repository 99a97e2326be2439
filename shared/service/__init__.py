"""What both services do alike on the wire: problems, headers, logs. Ships with services only."""
