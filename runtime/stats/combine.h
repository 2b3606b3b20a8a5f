// AVG: many segments or metrics, one answer.
// Input: log e-values of K hypotheses at the same moment (current values; running maxima would not
// be valid), alpha. Output: evidence of "any", or which ones, as indices in ascending order.
//
// Means of e-values are e-values under any dependence (Vovk and Wang, AoS 2021). Products are not,
// unless the pieces are disjoint in time; never multiply metrics of the same requests.
// In the lists an e-value that is NaN counts as 0: the safe side. It is never itself rejected.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rel::stats {

// H0: all nulls hold. log of the mean; NaN if one is, since then "any" is not known.
double log_e_any(std::span<const double> log_e);

// With weights >= 0 that add to at most 1; NaN otherwise.
double log_e_any(std::span<const double> log_e, std::span<const double> weights);

// 6 / (pi^2 k^2), the weight of the k-th segment to appear, k from 1, when K is not known before.
double arrival_weight(uint64_t k);

// E >= K / alpha: family-wise error at most alpha. Never finds more than closed_mean.
std::vector<uint32_t> e_bonferroni(std::span<const double> log_e, double alpha);

// Closed testing with means: family-wise error at most alpha. Rejects i if for every s the mean of
// E_i and the s smallest others reaches 1 / alpha.
std::vector<uint32_t> closed_mean(std::span<const double> log_e, double alpha);

// e-BH (Wang and Ramdas, JRSSB 2022): false discovery rate at most alpha.
std::vector<uint32_t> e_benjamini_hochberg(std::span<const double> log_e, double alpha);

}  // namespace rel::stats
