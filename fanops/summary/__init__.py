"""The sum of it all: five numbers, what waits, the loop, the one page for the CEO."""
