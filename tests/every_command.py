"""Every command with each of its options, in as little time as possible: what the core alone has to do."""

SCENARIO = """
[atom]
name = "Yb"
[neutrinos]
lightest_mass = "0.01 eV"
[[interaction]]
kind = "magnetic-moment"
elements = { "11" = 3e-11, "22" = 1e-11 }
[[run]]
photon_energy = "1.068 eV"
duration = "10 day"
[[run]]
photon_energy = "1.0712 eV"
duration = "10 day"
[statistics]
normalisation_error = 0.05
[scan]
result = "counts"
[[scan.axis]]
parameter = "neutrinos.lightest_mass"
values = ["0 eV", "0.01 eV"]
"""

TARGET = """
[atom]
name = "Yb"
[neutrinos]
lightest_mass = "0.01 eV"
[target.preparation]
length = "0.5 cm"
repetition = "10 / s"
coherence = 0.5
dephasing_time = "1 us"
[[run]]
photon_energy = "1.068 eV"
duration = "10 day"
"""

FEW = """
[atom]
name = "Yb"
[neutrinos]
lightest_mass = "0.01 eV"
[[run]]
photon_energy = "1.068 eV"
duration = "0.1 day"
background = "20 / day"
counts = 1
"""

WHOLE = SCENARIO.replace('name = "Yb"', 'name = "Yb"\napproximation = "full"\npolarisation = "right"')

COMMANDS = """
init letter --output letter.toml
validate run.toml --output validate.json
spectrum run.toml --photon-energy 1.068,1.07 --oscillation-errors --output spectrum.nc
counts run.toml --output counts.png
target target.toml --output target.png
target target.toml --light --end "0.1 mm" --scenario dark.toml --output light.png
limits run.toml --method asymptotic --profiled --seed 1 --output limits.csv
limits run.toml --bands --couplings "magnetic-moment 11" --expected
limits few.toml --method feldman-cousins --couplings "magnetic-moment 11" --lengthened
fit run.toml --expected --profile "magnetic-moment 11" --output profile.pdf
fit run.toml --expected --contour "magnetic-moment 11, magnetic-moment 22"
fit run.toml --expected --significance "magnetic-moment 11"
fit run.toml --expected --correlations --output correlations.png
fit run.toml --expected --ranking "magnetic-moment 11" --output ranking.png
toys run.toml --toys 20 --seed 1 --output toys.nc
toys run.toml --toys 20 --coverage "magnetic-moment 11"
plan run.toml --candidates 100 --total "70 day" --clearance "1e-5 eV" --frequencies 5 --scenario plan.toml
plan run.toml --candidates 100 --least-duration "1 day" --change-time "1 day" --after --profiled
plan run.toml --candidates 100 --aim identify --elements magnetic-moment --strength 1e-10 --both-orderings
plan run.toml --candidates 100 --couplings "magnetic-moment 11"
plan whole.toml --candidates 100 --aim sign --polarisations left,right
plan run.toml --candidates 100 --aim ordering --lightest-masses 0.001,0.01 --laser-range "1.05 eV, 1.0717 eV"
sensitivity run.toml --over exposure --couplings "magnetic-moment 11" --toys 20 --seed 1 --output over.png
scan run.toml --output scan.zarr --plot scan.png --expected
workspace run.toml "magnetic-moment 11" --output workspace.json
atoms Yb --output atom.json
bounds run.toml --output bounds.csv
cite limits.csv --output cite.bib
reproduce --output report
"""
