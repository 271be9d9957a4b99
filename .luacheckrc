std = "lua54"
self = false
max_line_length = 120
max_comment_line_length = 240
exclude_files = { "build" }
files["spec"] = { std = "+busted", max_line_length = 160 }
files["doc/fields.lua"] = { max_string_line_length = false } -- a row of a table is one line
