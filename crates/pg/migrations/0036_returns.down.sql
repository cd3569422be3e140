DROP TABLE shipping.return_transitions, shipping.return_pictures, shipping.return_lines
    , shipping.returns;
