"""What the model looks at: SHAP values, reasons, rules, archetypes."""
