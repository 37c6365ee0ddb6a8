"""Every byte of I/O with Kubernetes. Library errors end here: only console errors leave this package.

kubefiles, kubeconfig   files -> contexts, clusters, users (frozen values)
login, helper           who we are: tokens, files, helpers (exec plugins), and what the official package knows better
connection, answers     the clients of one API server; a Status -> the console's error
api, discovery, rights  verbs on resources; what the server has; what we may do
decode, watching        slim typed rows from list pages and watches
channels, dialer        exec and port-forward over WebSocket; host:port -> a byte stream
writing                 the bodies that we write
"""
