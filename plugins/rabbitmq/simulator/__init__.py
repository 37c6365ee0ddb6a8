"""A cluster of RabbitMQ that does not exist: its management API on loopback, and its tools.

world      members, queues, messages, policies; how load moves them as time passes
answers    the management API over the world, as versions 3.7 to 4.1 answer
serving    HTTP for each member on a port of its own
tools      rabbitmq-upgrade and rabbitmq-queues, run in a pod
"""
