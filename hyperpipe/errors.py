"""The one exception that a user sees, and what other libraries say as a part of its line."""


class HyperpipeError(Exception):
    """A user's mistake or a damaged file, in one line: what is wrong, where, what to do.

    The command line prints it without a traceback and exits with status 1.
    """


def brief(error: BaseException) -> str:
    """What an exception says, as one line of 100 characters at most."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 100 else text[:97] + "..."
