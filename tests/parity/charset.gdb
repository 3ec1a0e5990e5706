# Characters beyond ASCII in strings.
#: program pieces.c -O0
#: feed lines
show charset
p text
p array
p bytes
p run
p wide
p cut
x/s text
x/2s array
p text[3]
p array[2]
p *wide@3
p wide[1]
p "é"
p sizeof("é")
output text
echo é\n
printf "%s\n", array
set print elements 4
p text
p run
set print elements 200
set print repeats 5
p run
set print sevenbit-strings on
p text
set print sevenbit-strings off
p/x array
p/c array
p/s bytes
p/d bytes
set charset ASCII
show host-charset
p text
p wide
p cut
set host-charset UTF-8
p text
set target-charset ISO-8859-1
p text
p array
show charset
set charset nosuch
set target-wide-charset UTF-16
show target-wide-charset
set host-charset auto
set target-charset auto
set target-wide-charset auto
show charset
p text
