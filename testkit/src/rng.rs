//! The CPU random generator of torch: Mersenne Twister 19937, and how `rand` and `randn` use it.

/// A generator seeded like `torch.Generator().manual_seed(seed)`.
pub struct TorchRng {
    state: [u32; 624],
    next: usize,
    /// The second value of a Box-Muller pair, kept for the next small `randn`.
    cached: Option<f64>,
}

impl TorchRng {
    /// Only the lower 32 bits of the seed matter.
    pub fn new(seed: u64) -> Self {
        let mut state = [0u32; 624];
        state[0] = seed as u32;
        for i in 1..624 {
            let previous = state[i - 1];
            state[i] = 1_812_433_253u32.wrapping_mul(previous ^ (previous >> 30)).wrapping_add(i as u32);
        }
        Self { state, next: 624, cached: None }
    }

    fn refill(&mut self) {
        for i in 0..624 {
            let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % 624] & 0x7fff_ffff);
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + 397) % 624] ^ (y >> 1) ^ odd;
        }
        self.next = 0;
    }

    /// 32 random bits.
    pub fn bits(&mut self) -> u32 {
        if self.next == 624 {
            self.refill();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    fn uniform(&mut self) -> f32 {
        (self.bits() & 0x00ff_ffff) as f32 / 16_777_216.0
    }

    fn uniform_f64(&mut self) -> f64 {
        let (high, low) = (u64::from(self.bits()), u64::from(self.bits()));
        ((high << 32 | low) & ((1 << 53) - 1)) as f64 / (1u64 << 53) as f64
    }

    /// `torch.rand(n)`.
    pub fn rand(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.uniform()).collect()
    }

    /// `torch.randn(n)`: from 16 elements on, blocks of 16 uniform values through Box-Muller, the last 16 drawn anew when
    /// the length is no multiple; below, one double pair at a time. Equal to torch up to 1.2e-7, the error of its
    /// vectorised logarithm and cosine.
    pub fn randn(&mut self, n: usize) -> Vec<f32> {
        if n < 16 {
            return (0..n).map(|_| self.normal() as f32).collect();
        }
        let mut values = self.rand(n);
        values.chunks_exact_mut(16).for_each(box_muller);
        if !n.is_multiple_of(16) {
            let tail = self.rand(16);
            values[n - 16..].copy_from_slice(&tail);
            box_muller(&mut values[n - 16..]);
        }
        values
    }

    fn normal(&mut self) -> f64 {
        if let Some(value) = self.cached.take() {
            return value;
        }
        let (u1, u2) = (self.uniform_f64(), self.uniform_f64());
        let (radius, theta) = ((-2.0 * (-u2).ln_1p()).sqrt(), 2.0 * std::f64::consts::PI * u1);
        self.cached = Some(radius * theta.sin());
        radius * theta.cos()
    }
}

fn box_muller(block: &mut [f32]) {
    for j in 0..8 {
        let radius = (-2.0 * (1.0 - block[j]).ln()).sqrt();
        let theta = 2.0 * std::f32::consts::PI * block[j + 8];
        block[j] = radius * theta.cos();
        block[j + 8] = radius * theta.sin();
    }
}

#[cfg(test)]
mod tests {
    use super::TorchRng;

    /// Values of torch 2.15 on a CPU; its vectorised logarithm and cosine differ from the scalar ones by an ulp.
    fn near(actual: &[f32], expected: &[f32]) {
        let worst = actual.iter().zip(expected).map(|(a, b)| (a - b).abs() / b.abs()).fold(0.0, f32::max);
        assert!(actual.len() == expected.len() && worst < 1e-6, "{actual:?} {expected:?}");
    }

    #[test]
    fn small_samples_are_double_pairs_and_leave_the_second_value_to_the_next_call() {
        let mut rng = TorchRng::new(1);
        near(&rng.randn(3), &[0.661_352_16, 0.266_924_1, 0.061_677_26]);
        near(&rng.rand(2), &[0.569_508_5, 0.438_777_92]);
        let mut rng = TorchRng::new(1);
        near(&rng.randn(5)[3..], &[0.621_317_3, -0.451_905_97]);
    }

    #[test]
    fn large_samples_are_blocks_of_16_with_the_tail_drawn_anew() {
        let mut rng = TorchRng::new(7);
        let values = rng.randn(20);
        near(&values[..4], &[-0.820_134_5, 0.395_631_16, 0.898_908_5, -1.388_403_9]);
        near(&values[16..], &[-0.866_701_6, -0.564_006_7, -2.056_462_5, -0.356_722_53]);
        near(&rng.rand(2), &[0.388_741_97, 0.221_446_45]);
    }

    #[test]
    fn one_block_and_a_large_seed() {
        let mut rng = TorchRng::new(123456789);
        near(&rng.randn(16)[12..], &[1.074_729, 0.031_706_337, -1.231_19, 1.296_976_8]);
        near(&rng.rand(2), &[0.659_887_5, 0.263_358_06]);
    }
}
