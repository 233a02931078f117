"""How far coders, adjudication rules and gold agree, and what follows for rates."""
