"""The door in process: budgets around blocks of code, and clients whose every call is held and settled."""
