"""The workspace's settings of the app: which there are, their page, and what holds when nobody has set them."""
