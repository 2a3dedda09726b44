"""How the target's coherence comes, what it does, and how it goes: η(t)."""
