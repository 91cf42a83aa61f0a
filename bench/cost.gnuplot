# The plot of `make bench`: what calls cost in studios of different size. Each line is labelled with its
# call and with what the largest studio costs in terms of the smallest.
# Variables: data (columns: clients, then a call each, in us), out (a PNG file).
set terminal pngcairo size 960,560 font 'DejaVu Sans,11' linewidth 1.5
set output out
stats data using 1 name 'size' nooutput
first(c) = real(word(system(sprintf("awk 'NR == 2 { print $%d }' '%s'", c, data)), 1))
last(c) = real(word(system(sprintf("awk 'END { print $%d }' '%s'", c, data)), 1))
name(c) = word("clients swan_book() swan_summary() 'swan_clients(), a search' swan_statement()", c)
set title "Time of a call, by size of the studio\n{/*0.8 at the right, how many times that of the smallest}" font ',14'
set xlabel "clients (each with 5 sessions and 10 ledger rows)"
set ylabel 'µs, median'
set logscale xy 10
set xrange [size_min / 1.6:size_max * 1.6]
set yrange [10:2000]
set xtics ('1,000' 1e3, '10,000' 1e4, '100,000' 1e5, '1,000,000' 1e6, '10,000,000' 1e7)
set rmargin 33
set tmargin 5
set border 3
set tics nomirror out
set grid ytics linetype 1 linewidth 0.5 linecolor rgb '#dddddd'
unset key
array colour[5] = ['', '#0072b2', '#009e73', '#d55e00', '#cc79a7']
do for [c = 2:5] {
  set label c sprintf('%s  ×%.2f', name(c), last(c) / first(c)) at size_max * 1.75, last(c) left \
    textcolor rgb colour[c] noenhanced
}
plot for [c = 2:5] data using 1:c with linespoints linewidth 2 pointtype 7 pointsize 1 linecolor rgb colour[c]
