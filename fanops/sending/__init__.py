"""Sending (发送): what leaves the house by itself, written down first and sent afterwards."""
