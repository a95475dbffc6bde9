"""From judged questions to a calibration with guarantees, or to the reason why there is none."""
