"""routes.yaml as text becomes typed shapes. Syntax only: what names mean is the plan's business."""
