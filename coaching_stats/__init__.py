"""Tests whether process rigidity predicts unwillingness to coach.

The road from a survey to an honest verdict: answers become scores (`score`), scores become cluster
moments, moments become slopes (`regress`) and chains (`mediate`), and hypotheses written down
beforehand (`load_study`) become verdicts (`judge`). `run_study` walks the whole road,
`write_report` tells it to people, and `simulate` makes surveys whose truth is known.
"""

from coaching_stats.aggregation import aggregation
from coaching_stats.answers import load_sample
from coaching_stats.attack import attack
from coaching_stats.both_sides import both_sides
from coaching_stats.both_sides_figure import plot_both_sides
from coaching_stats.calibration import calibrate
from coaching_stats.calibration_figure import plot_calibration
from coaching_stats.careless_answers import with_and_without
from coaching_stats.client_folder import new_client
from coaching_stats.common_method import marker_adjusted, one_factor_check
from coaching_stats.cross_checks import cross_check
from coaching_stats.cross_lagged import cross_lagged
from coaching_stats.designs import design_of, what_it_takes
from coaching_stats.engines import cluster_moments
from coaching_stats.error_rates import nearest_error_rates
from coaching_stats.errors import CoachingStatsError, DataError, DesignError, StudyError
from coaching_stats.figures import plot_association, plot_verdicts
from coaching_stats.frames import within_between
from coaching_stats.graph_figure import plot_graph
from coaching_stats.hypothesis_multiverse import multiverse_of
from coaching_stats.importance import shapley
from coaching_stats.influence_figure import plot_influence
from coaching_stats.instrument import load_instrument
from coaching_stats.item_bias import item_bias
from coaching_stats.measurement_error import corrected_slopes
from coaching_stats.mediation import mediate
from coaching_stats.missing_data import missing_data
from coaching_stats.model_figures import plot_chain, plot_residuals, plot_slopes
from coaching_stats.multiverse import multiverse
from coaching_stats.multiverse_figure import plot_multiverse
from coaching_stats.nonresponse import nonresponse_bounds
from coaching_stats.notebook_runs import run_notebook
from coaching_stats.people_or_process import people_or_process
from coaching_stats.people_or_process_figure import plot_people_or_process
from coaching_stats.process_map import process_map
from coaching_stats.process_map_figure import plot_process_map, plot_process_ranks
from coaching_stats.rater_stress import rater_stress
from coaching_stats.regression import regress
from coaching_stats.reliability import reliability
from coaching_stats.report import write_report
from coaching_stats.reversed_arrows import reversed_arrows
from coaching_stats.scales import score, turned_items
from coaching_stats.sensitivity_figure import plot_sensitivity
from coaching_stats.study import judge, run_study
from coaching_stats.survey import read_survey
from coaching_stats.team_measurement_error import corrected_slopes_of
from coaching_stats.theory import load_study
from coaching_stats.twin import twin
from coaching_stats.what_if import what_if
from coaching_stats.within_manager import within_managers
from coaching_stats.workbench import compare_estimators
from coaching_stats.worlds import simulate

__all__ = [
    "CoachingStatsError",
    "DataError",
    "DesignError",
    "StudyError",
    "aggregation",
    "attack",
    "both_sides",
    "calibrate",
    "cluster_moments",
    "compare_estimators",
    "corrected_slopes",
    "corrected_slopes_of",
    "cross_check",
    "cross_lagged",
    "design_of",
    "item_bias",
    "judge",
    "load_instrument",
    "load_sample",
    "load_study",
    "marker_adjusted",
    "mediate",
    "missing_data",
    "multiverse",
    "multiverse_of",
    "nearest_error_rates",
    "new_client",
    "nonresponse_bounds",
    "one_factor_check",
    "people_or_process",
    "plot_association",
    "plot_both_sides",
    "plot_calibration",
    "plot_chain",
    "plot_graph",
    "plot_influence",
    "plot_multiverse",
    "plot_people_or_process",
    "plot_process_map",
    "plot_process_ranks",
    "plot_residuals",
    "plot_sensitivity",
    "plot_slopes",
    "plot_verdicts",
    "process_map",
    "rater_stress",
    "read_survey",
    "regress",
    "reliability",
    "reversed_arrows",
    "run_notebook",
    "run_study",
    "score",
    "shapley",
    "simulate",
    "turned_items",
    "twin",
    "what_if",
    "what_it_takes",
    "with_and_without",
    "within_between",
    "within_managers",
    "write_report",
]
