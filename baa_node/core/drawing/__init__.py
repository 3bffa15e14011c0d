"""What picture and page are drawn with: canvas and sheet, palette, growth chart and heat map."""
