"""How good the recommendations are: five folds, several views of every user, controls and peers."""
