"""`casebridge plan`: stored messages through two mapping sets on paper, and what would change."""
