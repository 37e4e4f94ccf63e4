"""What type checkers can and cannot tell about calls: programs that they check, with the answers that they give."""
