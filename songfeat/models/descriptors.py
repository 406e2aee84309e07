"""Numbers that sum up a clip's timbre, dynamics and rhythm, computed from its log-mel array inside a network."""

import math

import torch
from torch import Tensor, nn

_BANDS = 16
"""Groups of neighbouring channels whose levels are followed over time."""

_MODULATION_HZ = (0.2, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 14.0, 20.0)
"""Edges of the bands of the modulation spectrum: a beat is at 1 to 3 Hz, syllables are at 4 to 8."""

_TEMPO_BPM = (50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150, 160, 180, 200, 240)
_LEVELS = (0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99)
_SMOOTHING = 7
"""Channels that a channel is compared with to tell tones from noise."""

_CEPSTRAL = 20
"""Cepstral coefficients that sum up the shape of the spectrum."""

_TINY = 1e-3


class Descriptors(nn.Module):
    """From arrays ``(batch, channels, frames)`` to numbers ``(batch, n_descriptors)``.

    Per channel: mean, standard deviation, skewness, how much it changes and
    how much it rises from frame to frame. Per group of channels: how far
    tones stand out of their surroundings, the modulation spectrum (Greenberg &
    Kingsbury, 1997) as it is and less its mean, and how groups rise and fall
    together. Of four onset envelopes (all channels, low, middle and high
    ones): the autocorrelation at tempos from 50 to 240 BPM, and its height.
    Of the level: its quantiles over time. Of the shape of the spectrum, as its
    first cepstral coefficients tell it: the mean and deviation of each, how much it
    changes from frame to frame, and how they rise and fall together.

    Nothing here is learnt, and gains in level shift only a few of the numbers.

    Parameters
    ----------
    channels, frames : int
        Of the arrays.
    frames_per_second : float
    """

    modulation: Tensor
    tempo: Tensor
    cosines: Tensor

    def __init__(self, channels: int, frames: int, frames_per_second: float) -> None:
        super().__init__()
        self.groups = min(_BANDS, channels)
        hertz = torch.fft.rfftfreq(frames, 1 / frames_per_second)
        edges = torch.tensor(_MODULATION_HZ)
        inside = (hertz >= edges[:-1, None]) & (hertz < edges[1:, None])
        self.register_buffer("modulation", inside / inside.sum(dim=1, keepdim=True).clamp(min=1), persistent=False)
        lags = torch.tensor([60 * frames_per_second / bpm for bpm in _TEMPO_BPM])
        distance = (torch.arange(frames) - lags[:, None]).abs()
        near = (1 - distance / 2).clamp(min=0)
        self.register_buffer("tempo", near / near.sum(dim=1, keepdim=True).clamp(min=_TINY), persistent=False)
        angles = math.pi / channels * (torch.arange(channels) + 0.5)
        cosines = (torch.arange(min(_CEPSTRAL, channels))[:, None] * angles).cos() * math.sqrt(2 / channels)
        self.register_buffer("cosines", cosines, persistent=False)
        self.shortest_lag = min(math.ceil(60 * frames_per_second / _TEMPO_BPM[-1]), frames - 1)
        with torch.no_grad():
            self.n_descriptors = self(torch.zeros(1, channels, frames)).shape[1]

    def forward(self, array: Tensor) -> Tensor:
        parts = (
            self._timbre(array),
            self._tonality(array),
            self._rhythm(array),
            self._onsets(array),
            _dynamics(array),
            self._cepstrum(array),
        )
        return torch.cat(parts, dim=1)

    def _timbre(self, array: Tensor) -> Tensor:
        mean = array.mean(dim=2)
        away = array - mean[:, :, None]
        deviation = away.square().mean(dim=2).sqrt()
        skewness = away.pow(3).mean(dim=2) / (deviation.pow(3) + _TINY)
        steps = array.diff(dim=2)
        level = mean.mean(dim=1, keepdim=True)
        return torch.cat(
            (level, mean - level, deviation, skewness, steps.square().mean(dim=2).sqrt(), steps.relu().mean(dim=2)),
            dim=1,
        )

    def _tonality(self, array: Tensor) -> Tensor:
        """How far channels stand out of those around them, and how that varies, by group."""
        around = nn.functional.avg_pool1d(
            array.transpose(1, 2), _SMOOTHING, stride=1, padding=_SMOOTHING // 2, count_include_pad=False
        ).transpose(1, 2)
        peaks = self._grouped((array - around).relu())
        return torch.cat((peaks.mean(dim=2), peaks.std(dim=2, correction=0)), dim=1)

    def _rhythm(self, array: Tensor) -> Tensor:
        levels = self._grouped(array)
        levels = levels - levels.mean(dim=2, keepdim=True)
        window = torch.hann_window(levels.shape[2], device=array.device)
        power = torch.fft.rfft(levels * window, dim=2).abs().square() / levels.shape[2]
        spectrum = (power @ self.modulation.T + _TINY).log()
        relative = spectrum - spectrum.mean(dim=2, keepdim=True)
        unit = levels / (levels.square().sum(dim=2, keepdim=True).sqrt() + _TINY)
        together = unit @ unit.transpose(1, 2)
        above = torch.triu_indices(self.groups, self.groups, 1)
        return torch.cat((spectrum.flatten(1), relative.flatten(1), together[:, above[0], above[1]]), dim=1)

    def _onsets(self, array: Tensor) -> Tensor:
        rises = array.diff(dim=2, append=array[:, :, -1:]).relu()
        channels = array.shape[1]
        low, middle = max(1, channels // 8), max(2, channels // 2)
        ranges = ((0, channels), (0, low), (low, middle), (middle, channels))
        envelopes = torch.stack([rises[:, start:end].mean(dim=1) for start, end in ranges], dim=1)
        envelopes = envelopes - envelopes.mean(dim=2, keepdim=True)
        frames = array.shape[2]
        spectrum = torch.fft.rfft(envelopes, 2 * frames, dim=2)
        likeness = torch.fft.irfft(spectrum.abs().square(), dim=2)[:, :, :frames]
        likeness = likeness / (likeness[:, :, :1] + _TINY)
        beyond = likeness[:, :, self.shortest_lag :]
        highest = beyond.topk(min(20, beyond.shape[2]), dim=2).values
        heights = torch.stack((highest[:, :, 0], highest.mean(dim=2)), dim=2)
        return torch.cat(((likeness @ self.tempo.T).flatten(1), heights.flatten(1)), dim=1)

    def _cepstrum(self, array: Tensor) -> Tensor:
        coefficients = self.cosines @ array
        mean = coefficients.mean(dim=2)
        away = coefficients - mean[:, :, None]
        deviation = away.square().mean(dim=2).sqrt()
        steps = coefficients.diff(dim=2).square().mean(dim=2).sqrt()
        together = away @ away.transpose(1, 2) / array.shape[2]
        together = together / (deviation[:, :, None] * deviation[:, None, :] + _TINY)
        above = torch.triu_indices(len(self.cosines), len(self.cosines), 1)
        return torch.cat((mean, deviation, steps, together[:, above[0], above[1]]), dim=1)

    def _grouped(self, array: Tensor) -> Tensor:
        """The mean of each group of channels: ``(batch, groups, frames)``."""
        grouped: Tensor = nn.functional.adaptive_avg_pool1d(array.transpose(1, 2), self.groups).transpose(1, 2)
        return grouped


def _dynamics(array: Tensor) -> Tensor:
    """Quantiles over time of the level, less its mean."""
    level = array.mean(dim=1)
    level = level - level.mean(dim=1, keepdim=True)
    quantiles: Tensor = torch.quantile(level, torch.tensor(_LEVELS, device=array.device), dim=1)
    return quantiles.T


class RunningScale(nn.Module):
    """Brings each number to mean 0 and deviation 1 over all batches of the training part so far, within 4 deviations.

    Other than batch normalisation, a track is scaled alike whatever stands
    beside it. Sums of batches are joined as by Chan et al. (1979).
    """

    count: Tensor
    mean: Tensor
    squares: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("squares", torch.zeros(width))

    def forward(self, numbers: Tensor) -> Tensor:
        if self.training:
            self._take(numbers.detach())
        deviation = (self.squares / self.count.clamp(min=1)).sqrt()
        scaled = (numbers - self.mean) / deviation.where(deviation > _TINY, 1.0)
        return scaled.clamp(-4, 4)

    def _take(self, numbers: Tensor) -> None:
        n, mean = len(numbers), numbers.mean(dim=0)
        total, away = self.count + n, mean - self.mean
        self.squares += (numbers - mean).square().sum(dim=0) + away.square() * self.count * n / total
        self.mean += away * n / total
        self.count += n
