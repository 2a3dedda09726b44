/* The spectral function of Dirac neutrinos with weak interaction and moments, by hand, for a compiler that
 * vectorises. Distances to the thresholds are known to twice the digits of a double, as in the package: a
 * shorter loop would be wrong by 1e-5 near them. Energies in eV, the factor of the photon in the square of
 * the moments' unit. Compiled with OpenMP it uses all cores, with its simd directives alone one. */
#include <math.h>
#include <stddef.h>

enum { PAIRS = 6, LANES = 16 };
static const int FIRST[PAIRS] = {0, 0, 0, 1, 1, 2}, SECOND[PAIRS] = {0, 1, 2, 1, 2, 2};

/* Of an unordered pair: threshold in two parts, 4 m_i m_j, squares of the sum and the difference of the
 * masses, and squares of couplings, summed over both orders. */
typedef struct {
    double high, low, product4, sum2, difference2, V2, A2, mu2, eps2;
} pair;

/* What a pair adds to the sums, at photon energy w, with inverse = 1/q^2. */
#define ADD(CURRENT, DENSITY, DIPOLE, HIGH, LOW, PRODUCT4, SUM2, DIFFERENCE2, V, A, MU, EPS)                                     \
    {                                                                                                  \
        double a = 2 * E_eg * ((HIGH - w) + LOW);                                                      \
        a = a > 0 ? a : 0;                                                                             \
        double b = a + PRODUCT4, near = a * inverse, far = b * inverse, delta = sqrt(a * b) * inverse; \
        double x_plus = SUM2 * inverse, x_minus = DIFFERENCE2 * inverse;                               \
        CURRENT += delta * (V * far * (2 + x_plus) + A * near * (2 + x_minus));                        \
        DENSITY += delta * (V * near * x_minus + A * far * x_plus);                                    \
        DIPOLE += delta * (MU * far * (1 + 2 * x_plus) + EPS * near * (1 + 2 * x_minus));              \
    }

static inline double gathered(double current, double density, double dipole, double w, double q2, double E_vg,
                              double photon)
{
    double w2 = w * w, gap = E_vg - w;
    return ((3 * q2 + w2) / 9 * current + w2 / 3 * density + photon * w2 * dipole) / (gap * gap);
}

static inline double transfer(double w, double E_eg)
{
    double q2 = E_eg * (E_eg - 2 * w);
    return q2 > 0 ? q2 : 1;
}

/* I at n photon energies. */
void spectrum(ptrdiff_t n, const double *restrict omega, double *restrict out, double E_eg, double E_vg,
              double photon, const pair *restrict p)
{
#pragma omp parallel for simd schedule(static)
    for (ptrdiff_t k = 0; k < n; k++) {
        double w = omega[k], q2 = transfer(w, E_eg), inverse = 1 / q2;
        double current = 0, density = 0, dipole = 0;
#pragma GCC unroll 6
        for (int i = 0; i < PAIRS; i++)
            ADD(current, density, dipole, p[i].high, p[i].low, p[i].product4, p[i].sum2, p[i].difference2, p[i].V2,
                p[i].A2, p[i].mu2, p[i].eps2)
        out[k] = gathered(current, density, dipole, w, q2, E_vg, photon);
    }
}

/* The threshold of masses a and b in two parts. */
static inline void threshold(double E_eg, double a, double b, double *high, double *low)
{
    double sum = a + b, larger = a > b ? a : b, error = (larger - sum) + (a > b ? b : a);
    double sum2 = sum * sum, rest = fma(sum, sum, -sum2) + error * (2 * sum + error);
    double ratio = sum2 / E_eg, left = (fma(-ratio, E_eg, sum2) + rest) / E_eg;
    double difference = E_eg - ratio;
    *high = difference / 2;
    *low = (((E_eg - difference) - ratio) - left) / 2;
}

/* sqrt(m^2 + d), rounded once. */
static inline double heavier(double m, double d)
{
    double square = m * m, error = fma(m, m, -square), sum = square + d;
    double larger = square > d ? square : d, smaller = square > d ? d : square;
    return sqrt(sum + (((larger - sum) + smaller) + error));
}

/* Masses of LANES points. */
static inline void masses(const double *restrict lightest, const double *restrict d21, const double *restrict d31,
                          double m[3][LANES])
{
#pragma omp simd
    for (int l = 0; l < LANES; l++)
        m[0][l] = lightest[l], m[1][l] = heavier(lightest[l], d21[l]), m[2][l] = heavier(lightest[l], d31[l]);
}

/* What pairs of LANES points have of kinematics: the first five rows of each. */
static inline void kinematics(double E_eg, double m[3][LANES], double p[PAIRS][9][LANES])
{
    for (int i = 0; i < PAIRS; i++) {
        int a = FIRST[i], b = SECOND[i];
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            double sum = m[a][l] + m[b][l], difference = m[a][l] - m[b][l];
            threshold(E_eg, m[a][l], m[b][l], &p[i][0][l], &p[i][1][l]);
            p[i][2][l] = 4 * m[a][l] * m[b][l], p[i][3][l] = sum * sum, p[i][4][l] = difference * difference;
        }
    }
}

/* I of LANES points at r photon energies. */
static inline void summed(int r, const double *restrict omega, double p[PAIRS][9][LANES], double *restrict out,
                          double E_eg, double E_vg, double photon)
{
    for (int k = 0; k < r; k++) {
        double w = omega[k], q2 = transfer(w, E_eg), inverse = 1 / q2;
        double current[LANES] = {0}, density[LANES] = {0}, dipole[LANES] = {0};
        for (int i = 0; i < PAIRS; i++)
#pragma omp simd
            for (int l = 0; l < LANES; l++)
                ADD(current[l], density[l], dipole[l], p[i][0][l], p[i][1][l], p[i][2][l], p[i][3][l], p[i][4][l],
                    p[i][5][l], p[i][6][l], p[i][7][l], p[i][8][l])
#pragma omp simd
        for (int l = 0; l < LANES; l++)
            out[l * r + k] = gathered(current[l], density[l], dipole[l], w, q2, E_vg, photon);
    }
}

/* I of n parameter points (lightest mass, sin^2 of theta_12 and theta_13, both splittings, mu_11) at r photon
 * energies; out[point * r + k]. The number of points is a multiple of LANES. It knows that weak couplings are of
 * rank one, and that there is one moment. */
void batch(ptrdiff_t n, int r, const double *restrict omega, const double *restrict lightest,
           const double *restrict s12, const double *restrict s13, const double *restrict d21,
           const double *restrict d31, const double *restrict mu, double *restrict out, double E_eg,
           double E_vg, double photon)
{
#pragma omp parallel for schedule(static)
    for (ptrdiff_t block = 0; block < n; block += LANES) {
        double m[3][LANES], U2[3][LANES], p[PAIRS][9][LANES];
        masses(lightest + block, d21 + block, d31 + block, m);
        kinematics(E_eg, m, p);
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            ptrdiff_t k = block + l;
            U2[0][l] = (1 - s12[k]) * (1 - s13[k]), U2[1][l] = s12[k] * (1 - s13[k]), U2[2][l] = s13[k];
        }
        for (int i = 0; i < PAIRS; i++) {
            int a = FIRST[i], b = SECOND[i];
#pragma omp simd
            for (int l = 0; l < LANES; l++) {
                double weak = a == b ? (U2[a][l] - 0.5) * (U2[a][l] - 0.5) : 2 * U2[a][l] * U2[b][l];
                double moment = i == 0 ? mu[block + l] * mu[block + l] : 0;
                p[i][5][l] = weak / 4, p[i][6][l] = weak / 4, p[i][7][l] = moment, p[i][8][l] = 0;
            }
        }
        summed(r, omega, p, out + block * r, E_eg, E_vg, photon);
    }
}

/* The same for any couplings: V, A and mu are complex 3x3 matrices of each model, made from the same columns and,
 * of the moments, 18 numbers that all models multiply by mu; nothing is known of their elements. */
void batch_of_matrices(ptrdiff_t n, int r, const double *restrict omega, const double *restrict lightest,
                       const double *restrict s12, const double *restrict s13, const double *restrict d21,
                       const double *restrict d31, const double *restrict mu, double *restrict out, double E_eg,
                       double E_vg, double photon, double delta, const double *restrict moments)
{
    double real = cos(delta), imaginary = -sin(delta);
#pragma omp parallel for schedule(static)
    for (ptrdiff_t block = 0; block < n; block += LANES) {
        double m[3][LANES], U[3][2][LANES], p[PAIRS][9][LANES], c[3][9][2][LANES];
        masses(lightest + block, d21 + block, d31 + block, m);
        kinematics(E_eg, m, p);
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            ptrdiff_t k = block + l;
            double c13 = sqrt(1 - s13[k]), third = sqrt(s13[k]);
            U[0][0][l] = sqrt(1 - s12[k]) * c13, U[1][0][l] = sqrt(s12[k]) * c13, U[2][0][l] = third * real;
            U[0][1][l] = 0, U[1][1][l] = 0, U[2][1][l] = third * imaginary;
        }
        for (int e = 0; e < 9; e++) {
            int a = e / 3, b = e % 3;
#pragma omp simd
            for (int l = 0; l < LANES; l++) {
                double re = U[a][0][l] * U[b][0][l] + U[a][1][l] * U[b][1][l] - (a == b ? 0.5 : 0);
                double im = U[a][1][l] * U[b][0][l] - U[a][0][l] * U[b][1][l];
                c[0][e][0][l] = re / 2, c[0][e][1][l] = im / 2, c[1][e][0][l] = -re / 2, c[1][e][1][l] = -im / 2;
                c[2][e][0][l] = mu[block + l] * moments[2 * e], c[2][e][1][l] = mu[block + l] * moments[2 * e + 1];
            }
        }
        for (int i = 0; i < PAIRS; i++) {
            int one = 3 * FIRST[i] + SECOND[i], other = 3 * SECOND[i] + FIRST[i];
            double twice = one == other ? 0 : 1;
            for (int x = 0; x < 3; x++)
#pragma omp simd
                for (int l = 0; l < LANES; l++)
                    p[i][5 + x][l] = c[x][one][0][l] * c[x][one][0][l] + c[x][one][1][l] * c[x][one][1][l]
                                   + twice * (c[x][other][0][l] * c[x][other][0][l] + c[x][other][1][l] * c[x][other][1][l]);
#pragma omp simd
            for (int l = 0; l < LANES; l++)
                p[i][8][l] = 0;
        }
        summed(r, omega, p, out + block * r, E_eg, E_vg, photon);
    }
}
