# list with the source at hand: around main, forwards, backwards, quoted places, words that are no place.
#: feed lines
#: program tour.c -O0
list
list
list -
list -
list 20
list -
list -
list -
list -
list
list 'tour.c:main'
list 'tour.c':'main'
list 'tour.c:20'
list -INVALID
list +INVALID
show substitute-path a b
unset substitute-path a b
