"""Rows of RabbitMQ, and the parsers that make them of the management API's answers."""
