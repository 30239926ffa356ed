instance = "t3.small"
ports = [80, 443]
flags = { a = true }
