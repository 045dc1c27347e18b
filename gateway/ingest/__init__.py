"""The public listener: from the bytes of a request to its outcome. See `judge` for the order.

`server` is the only file that knows aiohttp; everything behind `Judge.receive` does not.
"""
