"""The entry: every rerun starts here, with who is signed in, and then runs the page asked for."""

from fanops.ui.frame import run_frame

run_frame()
