"""The reference topology as data: seven nodes, two pools, and the systems on them.

Numbers that no document gives are invented once, from the seed.
"""
