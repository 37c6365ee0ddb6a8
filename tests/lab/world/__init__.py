"""The lab's world: a real control plane as plain processes in one network namespace, and what stands in it.

place.py says where a lab lives, network.py opens its namespace, credentials.py and plane.py make it run,
topology.py and platform_objects.py fill it, load.py fills it to the brim, restore.py brings it back.
"""
