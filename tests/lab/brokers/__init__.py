"""The lab's real servers: RabbitMQ, Kafka, Pulsar and Redis as processes in the namespaces of their pods.

pods.py says which pods they are, namespaces.py wires them, process.py and system.py know a server as a process,
rabbitmq.py and the others know one system each, packages.py fetches them. bringup.py starts a system and puts it behind
its pods, stage.py plays their kubelets, staged.py is what tests hold.
"""
