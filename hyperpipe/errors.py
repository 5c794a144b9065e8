"""The one exception that a user sees."""


class HyperpipeError(Exception):
    """A user's mistake or a damaged file, in one line: what is wrong, where, what to do.

    The command line prints it without a traceback and exits with status 1.
    """
