"""Every byte of I/O with Kubernetes. Library errors end here: only console errors leave this package.

kubefiles, kubeconfig, contexts     files -> contexts, clusters, users (frozen values) -> the client of one
login, helper, official             who we are: tokens, files, login helpers, and what only the official package knows
connection, answers                 the HTTP clients of one API server; a Status -> the console's error
api, discovery, rights, tables      verbs on paths; what the server has; what we may do; the server's own printing
listing, decode, lines, position    pages and watch lines as slim typed objects, and where a watch stands
projection, watching                rows of one kind, kept true
channels, logs, places, dialer      exec, port-forward and logs of pods; host:port -> a byte stream
evicting, writing                   what the answer to an eviction means; the bodies that we write
abilities, acts, kinds, manifests   what panes offer: shells, actions, any kind by name, YAML
"""
