"""What checks report: findings with their evidence, allowances, and the verdict. Pure."""
